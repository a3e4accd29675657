package field

// Flags say more of a Node.
type Flags uint8

// Generated: the value was reckoned and stands nowhere as octets.
const Generated Flags = 1

// Node is one field in one frame. Off and Len count in the Tree's Sources[Src].
type Node struct {
	Def      *Def
	Val      Value
	Off, Len uint32
	Src      uint16
	Depth    uint8 // how deep it lies: a protocol at 0, its fields at 1
	Flags    Flags
}

// Tree is what was found in one frame, in order: a flat list, where what
// follows deeper lies inside. One is reused for frame after frame.
type Tree struct {
	Nodes   []Node // Add appends
	Sources [][]byte

	has Set
}

// Reset empties the Tree, and keeps its memory.
func (t *Tree) Reset() {
	clear(t.Nodes)
	clear(t.Sources)
	t.Nodes, t.Sources, t.has = t.Nodes[:0], t.Sources[:0], Set{}
}

// Source adds octets that Nodes may point into: the packet, what was put
// together of several, what was decrypted. They are lent until Reset.
func (t *Tree) Source(octets []byte) uint16 {
	t.Sources = append(t.Sources, octets)
	return uint16(len(t.Sources) - 1)
}

// Add appends a Node.
func (t *Tree) Add(n Node) {
	t.Nodes = append(t.Nodes, n)
	t.has.Add(n.Def.ID)
}

// Has says whether the field is in the Tree.
func (t *Tree) Has(id ID) bool { return t.has.Has(id) }
