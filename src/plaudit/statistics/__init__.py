"""Honest numbers from counts by bucket of subjects. Pure: no rows, no clock, no storage.

`results` has the nouns that every page, command and answer shows. docs/statistics.md has each formula and its source.
"""
