package main

import "container/heap"

// queue is the turns in the order of time.
type queue []turn

func (q *queue) push(t turn) { heap.Push(q, t) }
func (q *queue) pop() turn   { return heap.Pop(q).(turn) }

func (q queue) Len() int           { return len(q) }
func (q queue) Less(i, j int) bool { return q[i].at.Before(q[j].at) }
func (q queue) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }

// Push and Pop are for package heap.
func (q *queue) Push(x any) { *q = append(*q, x.(turn)) }

// Pop removes the last element.
func (q *queue) Pop() any {
	old := *q
	t := old[len(old)-1]
	*q = old[:len(old)-1]
	return t
}
