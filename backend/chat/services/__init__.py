"""The writes of the chat: each checks access, writes in one transaction and announces what it did."""
