package server

import "time"

// grace is how long sessions may go on once posta is told to end: who closes a
// console window or logs off gives a program five seconds, and the store must
// close in them too.
const grace = 3 * time.Second
