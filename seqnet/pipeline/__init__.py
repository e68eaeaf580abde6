"""The steps of the pipeline: each reads files, computes, and returns or writes what came of it."""
