"""The torch modules behind the layer types. They know torch alone, nothing of the studio."""
