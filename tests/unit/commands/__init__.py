"""The commands of the Makefile, and the scripts behind them."""
