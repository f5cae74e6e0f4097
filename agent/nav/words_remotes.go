package nav

// The messages about remotes, and what else controls this TV.
const (
	msgRemotes message = timesEnd + iota
	msgRemotesCount
	msgRemotesText
	msgRemotesHotel
	msgRemotesUnseen
	msgRemoteUnnamed
	msgRemoteConnected
	msgRemoteUsed
	msgRemoteUnused
	msgRemoteForget
	msgForgetTitle
	msgForgetText
	msgForget
	msgForgotten
	msgOwnRemote

	msgRoleTitle
	msgRoleText
	msgRoleHousehold
	msgRoleHouseholdText
	msgRoleGuest
	msgRoleGuestText

	msgPair
	msgPairToType
	msgPairGetting
	msgPairText
	msgPairTextOf
	msgPairWrong
	msgPairDone
	msgPairHouseholdText
	msgPairGuestText
	msgPairWait
	msgPairWaitText
	msgPairExpired
	msgPairExpiredText
	msgPairFull
	msgPairFullText
	msgPairOff
	msgPairOffText
	msgPairAgain

	msgRelay
	msgRelayText
	msgRelayed
	msgRelayRefused
	msgStop
	msgECP
	msgECPText
	msgECPTitle
	msgECPAsk
	msgECPBounds
	msgAllow
	msgNewApp
	msgBlock
	msgBlocked
	msgSayEnds

	messageEnd
)

// aboutRemotes holds them in English.
var aboutRemotes = [messageEnd]string{
	msgRemotes:         "Remotes",
	msgRemotesCount:    "1 paired|{n} paired",
	msgRemotesText:     "A phone or computer on your home network can be a remote of this TV, and its keyboard.",
	msgRemotesHotel:    "They find this TV only while one is being paired.",
	msgRemotesUnseen:   "Just now they don't find it: this TV is on no home network.",
	msgRemoteUnnamed:   "Unnamed remote",
	msgRemoteConnected: "Connected",
	msgRemoteUsed:      "Used {when}",
	msgRemoteUnused:    "Not used yet",
	msgRemoteForget:    "Remove this remote",
	msgForgetTitle:     "Remove {name}?",
	msgForgetText:      "It stops working at once, and can be paired again later.",
	msgForget:          "Remove",
	msgForgotten:       "{name} is removed.",
	msgOwnRemote:       "Use this TV's own remote for this.",

	msgRoleTitle:         "Who is the remote for?",
	msgRoleText:          "You can change this later, in the settings.",
	msgRoleHousehold:     "Household",
	msgRoleHouseholdText: "Like this TV's own remote",
	msgRoleGuest:         "Guest",
	msgRoleGuestText:     "No PINs, no signing out",

	msgPair:              "Pair a remote",
	msgPairToType:        "Type with a phone",
	msgPairGetting:       "Getting a code.",
	msgPairText:          "On your phone or computer, choose this TV and enter these digits, or scan the picture.",
	msgPairTextOf:        "On your phone or computer, choose “{tv}” and enter these digits, or scan the picture.",
	msgPairWrong:         "That was not the code. There is 1 more try.|That was not the code. There are {n} more tries.",
	msgPairDone:          "{name} is paired",
	msgPairHouseholdText: "It can be used now like this TV's own remote, and its keyboard types here.",
	msgPairGuestText:     "It can choose and play now. PINs, signing out and this TV's remotes stay with the household.",
	msgPairWait:          "Too many wrong codes",
	msgPairWaitText:      "Nothing was paired. To keep strangers out, there is a break before the next code.",
	msgPairExpired:       "The code has run out",
	msgPairExpiredText:   "Nobody entered it in time, so nothing was paired.",
	msgPairFull:          "This TV has all the remotes it can have",
	msgPairFullText:      "1 remote is paired. Remove one to make room.|{n} remotes are paired. Remove one to make room.",
	msgPairOff:           "Nothing can be paired just now",
	msgPairOffText:       "This TV is on no home network. Check the cable or Wi-Fi, then get a code.",
	msgPairAgain:         "Get a new code",

	msgRelay:        "Control from the account page",
	msgRelayText:    "Who controls it from the account page is named on the screen.",
	msgRelayed:      "{name} controls this TV from the account page",
	msgRelayRefused: "Stopped. The account page can't control this TV until Settings, Remotes allow it.",
	msgStop:         "Stop",
	msgECP:          "Other apps on this network",
	msgECPText:      "Without a code",
	msgECPTitle:     "Let other apps control this TV?",
	msgECPAsk:       "Any app or device on your home network, such as home automation, can then press keys here. None is asked for a code.",
	msgECPBounds:    "They can't sign this TV out, enter a PIN or pair remotes. At the first key of a new one this TV tells you, and you can block it.",
	msgAllow:        "Allow",
	msgNewApp:       "{name} on your network now presses keys here",
	msgBlock:        "Block",
	msgBlocked:      "{name} is blocked until you switch other apps off and on again.",
	msgSayEnds:      "Press Back: {does}",
}
