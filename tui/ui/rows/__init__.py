"""What the views of a checkpoint's inside show, as rows; nothing here knows Textual."""
