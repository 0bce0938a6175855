"""The declared routes: thin mouths that read the request, call an answer and seal it."""
