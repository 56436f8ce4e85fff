"""What a syntax tree means in a network: equations of the language, the network itself where it is declared."""
