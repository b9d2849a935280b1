"""One published system per file, each with its source and worked examples."""
