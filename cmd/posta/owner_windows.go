package main

import "os"

// owns says that a folder is this user's: on Windows the files that a user
// makes in it are open to those to whom the folder is.
func owns(string) bool { return true }

// isOurs says so of what lies in the folder for temporary files, which on
// Windows is each user's own.
func isOurs(os.FileInfo) bool { return true }

// foreign gives the first of some paths that is another user's. Windows says of an
// owner nothing that tells who may.
func foreign([]string) (path, owner, us string) { return "", "", "" }
