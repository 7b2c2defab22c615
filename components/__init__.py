"""What people see: embeds, views, modals and text. Data in, message out; no I/O."""
