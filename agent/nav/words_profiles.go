package nav

// The messages about profiles.
const (
	msgAddProfile message = messageCount + iota
	msgAvatar
	msgAvatarLabel
	msgName
	msgNewName
	msgNameLabel
	msgNameEmpty
	msgNameRefused
	msgLevel
	msgLevelText
	msgLittleKids
	msgOlderKids
	msgTeens
	msgAdults
	msgAllLevels
	msgKidsProfile
	msgKidsProfileText
	msgKidsProfileBound
	msgBlockedBound
	msgAddNeedsPIN
	msgOwnerPassword
	msgOwnerPasswordText
	msgOwnerPasswordWrong
	msgAdding
	msgAdded
	msgNotAdded
	msgAddOffline
	msgAddBusy
	msgTooMany
	msgTryAgainIn
	msgEdit
	msgEditOffline
	msgEditBusy
	msgSaving
	msgSaved
	msgLocks
	msgLocksText
	msgForgot
	msgForgotText
	msgForgotNext
	msgForgotOffline
	msgAskGrownUp
	msgOneMore
	msgSayChosen
	msgSayOn
	msgSayOff
	msgFox
	msgOwl
	msgRobot
	msgComet
	msgCactus
	msgWhale
	msgTent
	msgMoon
	msgKite
	msgLantern
	msgBear
	msgOctopus

	profilesEnd
)

// aboutProfiles holds them in English.
var aboutProfiles = [profilesEnd]string{
	msgAddProfile:         "Add profile",
	msgAvatar:             "Choose a picture",
	msgAvatarLabel:        "Picture",
	msgName:               "What's the name?",
	msgNewName:            "A new name",
	msgNameLabel:          "Name",
	msgNameEmpty:          "Enter a name.",
	msgNameRefused:        "This name can't be used. Choose another one.",
	msgLevel:              "What may {name} watch?",
	msgLevelText:          "The owner can change this on the account page.",
	msgLittleKids:         "Only what is for all ages",
	msgOlderKids:          "For all ages, and up to 7+",
	msgTeens:              "Up to 13+",
	msgAdults:             "Up to 16+",
	msgAllLevels:          "Everything, also 18+",
	msgKidsProfile:        "Kids profile",
	msgKidsProfileText:    "Simpler, with bigger pictures",
	msgKidsProfileBound:   "As the profiles without a lock are",
	msgBlockedBound:       "What is blocked for the profiles without a lock is blocked for this one too.",
	msgAddNeedsPIN:        "It is needed to add this profile.",
	msgOwnerPassword:      "The account's password, please",
	msgOwnerPasswordText:  "It is needed to add this profile to {owner}.",
	msgOwnerPasswordWrong: "That's not the password. Try again.",
	msgAdding:             "Adding {name}…",
	msgAdded:              "{name} is on this account now.",
	msgNotAdded:           "{name} was not added",
	msgAddOffline:         "Adding a profile needs a connection to the internet.",
	msgAddBusy:            "That didn't work, and it's not your fault. Try again in a moment.",
	msgTooMany:            "Your account has as many profiles as it can have.",
	msgTryAgainIn:         "You can try again in {in}.",
	msgEdit:               "Edit profile",
	msgEditOffline:        "Changing a profile needs a connection to the internet.",
	msgEditBusy:           "That was not saved. Try again in a moment.",
	msgSaving:             "Saving…",
	msgSaved:              "Saved.",
	msgLocks:              "Level and locks",
	msgLocksText:          "The owner sets maturity level, PIN and blocked titles on the account page. Scan the picture with your phone, or go to the address.",
	msgForgot:             "Forgot your PIN?",
	msgForgotText:         "Scan the picture with your phone, or go to the address. With the account's password you can set a new PIN there.",
	msgForgotNext:         "Keep this TV on: it takes the new PIN at once.",
	msgForgotOffline:      "This TV is offline. It takes the new PIN as soon as it is connected again.",
	msgAskGrownUp:         "Ask a grown-up to help you.",
	msgOneMore:            "One more?",
	msgSayChosen:          "{label}, chosen",
	msgSayOn:              "{label}, on",
	msgSayOff:             "{label}, off",
	msgFox:                "Fox",
	msgOwl:                "Owl",
	msgRobot:              "Robot",
	msgComet:              "Comet",
	msgCactus:             "Cactus",
	msgWhale:              "Whale",
	msgTent:               "Tent",
	msgMoon:               "Moon",
	msgKite:               "Kite",
	msgLantern:            "Lantern",
	msgBear:               "Bear",
	msgOctopus:            "Octopus",
}

// sentence returns a message with its {words}.
func sentence(id message) string {
	switch {
	case id < messageCount:
		return english[id]
	case id < profilesEnd:
		return aboutProfiles[id]
	}
	switch {
	case id < settingsEnd:
		return aboutSettings[id]
	case id < timesEnd:
		return aboutTimes[id]
	}
	return aboutRemotes[id]
}
