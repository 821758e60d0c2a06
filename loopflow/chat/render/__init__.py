"""What is known of a conversation, as text, JSON, CSV, Markdown and a page."""
