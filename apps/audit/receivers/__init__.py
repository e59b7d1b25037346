"""Checkpoints and entries leave the house: to receivers that a file names, each in order, each with its own retry."""
