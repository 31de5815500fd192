"""Effective: how far the optimizer really moved the weights, at some of the steps."""
