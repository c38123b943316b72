"""Exports: votes with their answers as files. Pure, but for `exporting`, which asks the store; `parquet` alone needs a
library."""
