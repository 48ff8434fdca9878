"""REST (contract, section 5), on Litestar."""
