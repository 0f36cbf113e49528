"""The roof: settings, addresses and the pieces that join the apps."""
