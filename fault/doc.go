// Package fault makes servers fail on purpose, so that programs can be tried
// against them: a Table of rules says at which points of a dialogue what goes
// wrong. The first rule that fits is the one that counts, so the same dialogue
// meets the same faults every time. Rules live in memory only.
//
// It knows the points' names and the form of replies, and nothing else of the
// protocols. Start reading at Rule; the engines call Side.Meet.
package fault
