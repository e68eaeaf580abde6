"""Layers, architectures and presets."""
