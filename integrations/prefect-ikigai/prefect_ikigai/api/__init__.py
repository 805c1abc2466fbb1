"""What is asked of Prefect itself: its server, and whose run this is."""
