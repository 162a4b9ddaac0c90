// Empty: without a file like this one Go wants a body for every function.
