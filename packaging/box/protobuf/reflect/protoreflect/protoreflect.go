// Package protoreflect stands in for what Badger's generated code names of it. See
// package proto beside it.
package protoreflect

type (
	// ProtoMessage is a generated message.
	ProtoMessage interface{ ProtoReflect() Message }
	// Message is nothing here: messages are read by their struct tags.
	Message interface{ IsMessage() }
	// EnumNumber is a value of an enumeration.
	EnumNumber int32
	// EnumDescriptor describes nothing.
	EnumDescriptor interface{ IsEnumDescriptor() }
	// EnumType describes nothing.
	EnumType interface{ Descriptor() EnumDescriptor }
	// FileDescriptor describes nothing.
	FileDescriptor interface{ IsFileDescriptor() }
)
