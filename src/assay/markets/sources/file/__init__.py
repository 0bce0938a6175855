"""CSV and Parquet files of candles."""
