"""What the columns of a file mean, as a council writes it down, and the statements that its rows make."""
