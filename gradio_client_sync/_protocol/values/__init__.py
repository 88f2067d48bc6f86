"""Values of components: files, pictures, chats, tables, and the forms that servers take."""
