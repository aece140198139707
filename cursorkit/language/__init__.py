"""The cursor language: arguments to a tree and back, and the cursor that its moves move."""
