package store

// Trouble is one thing that is wrong with a store. What and Repair are said in
// every language by words.
type Trouble struct {
	Kind   string // what scripts know it by: "counters", "references" …
	What   error  // what is wrong
	Repair error  // what a repair does about it
	Way    Way
}

// Way is how a trouble is mended.
type Way string

const (
	Mend   Way = "mend"   // in the file, also while a server runs
	Rescue Way = "rescue" // only by making a new file of what can be read
	Hand   Way = "hand"   // only a person knows what is right
)

// Progress is how far something long has come. Of is 0 where nobody knows.
type Progress struct {
	Name     string // pages, rows, bodies, copy, rescue, verify
	Done, Of int64
}

// Repair is what a repair did.
type Repair struct {
	Mended []Trouble
	Left   []Trouble // what is still wrong
	Kept   string    // the folder that now holds the damaged file; "" where it was mended in place
	Lost   int64     // places in the damaged file that could not be read
	Usage  Usage     // what the store holds now
}

// Copy is a copy of a store.
type Copy struct {
	File     string
	Octets   int64
	Usage    Usage
	Troubles []Trouble // what is wrong with the copy, as with the store
}
