// Package protoimpl stands in for what Badger's generated code names of it: there are
// no descriptors, and nothing is registered. See package proto beside it.
package protoimpl

import (
	"strconv"
	"unsafe"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// What the generated code checks.
const (
	UnsafeEnabled = true
	MinVersion    = 20
	MaxVersion    = 20
)

type (
	// EnforceVersion is checked by the compiler.
	EnforceVersion uint
	// Pointer is any pointer.
	Pointer = unsafe.Pointer
	// SizeCache is a field of each message.
	SizeCache = int32
	// UnknownFields is a field of each message; unknown fields are dropped.
	UnknownFields = []byte
	// MessageState is a field of each message.
	MessageState struct{}
	// MessageInfo is known of each message.
	MessageInfo struct{ Exporter func(any, int) any }
	// EnumInfo is known of each enumeration.
	EnumInfo struct{}
	// Export is how the generated code calls here.
	Export struct{}
	// DescBuilder is left alone.
	DescBuilder struct {
		GoPackagePath                                     string
		RawDescriptor                                     []byte
		NumEnums, NumMessages, NumExtensions, NumServices int32
	}
	// TypeBuilder is left alone.
	TypeBuilder struct {
		File              DescBuilder
		GoTypes           []any
		DependencyIndexes []int32
		EnumInfos         []EnumInfo
		MessageInfos      []MessageInfo
	}
	// Built is what comes of it.
	Built struct{ File protoreflect.FileDescriptor }
)

// X is how the generated code calls here.
var X Export

var (
	state MessageState
	info  MessageInfo
)

// Build makes nothing.
func (TypeBuilder) Build() Built { return Built{} }

// MessageStateOf returns a state, which is always the same.
func (Export) MessageStateOf(Pointer) *MessageState { return &state }

// EnumStringOf writes an enumeration's value as a number.
func (Export) EnumStringOf(_ protoreflect.EnumDescriptor, n protoreflect.EnumNumber) string {
	return strconv.Itoa(int(n))
}

// MessageStringOf writes nothing of a message.
func (Export) MessageStringOf(protoreflect.ProtoMessage) string { return "(message)" }

// CompressGZIP returns nothing: nobody reads descriptors.
func (Export) CompressGZIP([]byte) []byte { return nil }

// IsMessage implements [protoreflect.Message].
func (*MessageState) IsMessage() {}

// LoadMessageInfo returns what is the same for all.
func (*MessageState) LoadMessageInfo() *MessageInfo { return &info }

// StoreMessageInfo does nothing.
func (*MessageState) StoreMessageInfo(*MessageInfo) {}

// MessageOf returns a state.
func (*MessageInfo) MessageOf(protoreflect.ProtoMessage) protoreflect.Message { return &state }

// Descriptor returns nothing.
func (*EnumInfo) Descriptor() protoreflect.EnumDescriptor { return nil }
