package protocol

// Avatars names the drawings that a profile can have, in the order they are
// offered. Both the account page and every TV have all of them built in; a
// profile keeps the name of one that an older TV does not have, and that TV
// shows the profile's initial.
func Avatars() []string {
	return []string{"fox", "owl", "robot", "comet", "cactus", "whale", "tent", "moon", "kite", "lantern", "bear", "octopus"}
}
