"""What is kept in memory to answer from, what a question costs, and who may ask next."""
