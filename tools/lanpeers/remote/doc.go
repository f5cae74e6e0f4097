// Package remote holds a remote control that is not ours: a program in Node on other
// libraries, written from docs/protocol.md. It has no Go code of its own; its test lets
// the program pair with a real agent over a home network and press keys.
package remote
