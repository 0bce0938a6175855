"""What each route answers: blocking reads of one world, run in a read thread by the routes."""
