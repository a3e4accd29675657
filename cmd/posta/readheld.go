package main

import (
	"container/heap"
	"time"
)

// heldRow waits for the rows of frames before it.
type heldRow struct {
	number uint32
	turn   uint64    // of those of the same frame, which come as they were made
	at     time.Time // when it came, of a live list
	cells  []string
	line   []byte
}

// The bounds of rows that wait; beyond them they come as they were made.
const (
	maxHeld       = 1 << 16
	maxHeldOctets = 64 << 20
	cellCost      = 16 // of a cell beside its octets
)

func (r *heldRow) cost() int {
	n := len(r.line)
	for _, cell := range r.cells {
		n += len(cell) + cellCost
	}
	return n
}

// heldRows are rows that wait, by the numbers of their frames.
type heldRows struct {
	rows   rowHeap
	turns  uint64
	octets int
}

func (h *heldRows) add(r *heldRow) {
	h.turns++
	r.turn = h.turns
	h.octets += r.cost()
	heap.Push(&h.rows, r)
}

// first is the row of the first frame, nil where none waits.
func (h *heldRows) first() *heldRow {
	if len(h.rows) == 0 {
		return nil
	}
	return h.rows[0]
}

// take takes the first row out.
func (h *heldRows) take() *heldRow {
	r := heap.Pop(&h.rows).(*heldRow)
	h.octets -= r.cost()
	return r
}

// full says that more wait than may.
func (h *heldRows) full() bool { return len(h.rows) > maxHeld || h.octets > maxHeldOctets }

// rowHeap orders rows, as container/heap asks.
type rowHeap []*heldRow

func (h rowHeap) Len() int      { return len(h) }
func (h rowHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h rowHeap) Less(i, j int) bool {
	return h[i].number < h[j].number || h[i].number == h[j].number && h[i].turn < h[j].turn
}

func (h *rowHeap) Push(r any) { *h = append(*h, r.(*heldRow)) }

func (h *rowHeap) Pop() any {
	n := len(*h) - 1
	r := (*h)[n]
	(*h)[n] = nil
	*h = (*h)[:n]
	return r
}
