"""What is said in tickets, survey comments and notes of talks: its tone and its topics, with words that people can look up and change."""
