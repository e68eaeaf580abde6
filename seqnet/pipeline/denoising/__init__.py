"""Networks that turn shallow tracks into deep ones."""
