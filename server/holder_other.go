//go:build !linux && !darwin && !windows

package server

func holderOf(int) holder { return holder{} }
