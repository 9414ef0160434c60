"""The bank: transfers by transactions, through kills."""
