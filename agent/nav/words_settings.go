package nav

// The messages of the settings, and what is drawn beside a View.
const (
	msgTVName message = profilesEnd + iota
	msgTVModel
	msgWithout
	msgStorage
	msgStorageMemory
	msgStorageStuck
	msgAccountOwner
	msgAccountText
	msgLook
	msgLookText
	msgContrast
	msgContrastText
	msgCalm
	msgCalmText
	msgAbout
	msgAboutText
	msgLicences
	msgLicencesText
	msgPage
	msgServices
	msgServicesText
	msgForgotKeys
	msgKeyAccents
	msgKeyUpperAccents
	msgPlaying
	msgPaused
	msgSayPosition

	msgEnds
	msgBannerEndsMinutes
	msgEnded
	msgEndedText
	msgAccountLocked

	msgDrawMenu
	msgDrawScan
	msgDrawPicture
	msgDrawLife
	msgDrawCode
	msgDrawFirst
	msgDrawSecond
	msgDrawThird
	msgDrawPress
	msgDrawDigits
	msgDrawNextTry
	msgDrawMoment
	msgDrawLocked
	msgDrawWatched
	msgDrawEntered
	msgDrawTyped
	msgDrawAway
	msgDrawAwayText

	settingsEnd
)

// aboutSettings holds them in English.
var aboutSettings = [settingsEnd]string{
	msgTVName:          "Name",
	msgTVModel:         "Model",
	msgWithout:         "Works without internet for",
	msgStorage:         "Storage",
	msgStorageMemory:   "It has a problem. Everything works, and is fetched again after a restart.",
	msgStorageStuck:    "Nothing can be saved. No profile opens until that is mended.",
	msgAccountOwner:    "This TV is signed in to {owner}.",
	msgAccountText:     "Password, devices, profiles and locks are on the account page. Scan the picture with your phone, or go to the address.",
	msgLook:            "Accessibility",
	msgLookText:        "For this TV, whoever is watching. Screen readers work on every screen.",
	msgContrast:        "High contrast",
	msgContrastText:    "Black and white, with outlines",
	msgCalm:            "Less motion",
	msgCalmText:        "Screens change at once",
	msgAbout:           "About",
	msgAboutText:       "Hearthkey is free software under the Apache License 2.0.",
	msgLicences:        "Licences",
	msgLicencesText:    "Software of others that runs on this TV, and what its authors ask to be told of it. Thank you.",
	msgPage:            "Page {n} of {of}",
	msgServices:        "Service",
	msgServicesText:    "Whose films and series would you like to watch on this TV?",
	msgForgotKeys:      "Press ↓, then →",
	msgKeyAccents:      "àéñ",
	msgKeyUpperAccents: "ÀÉÑ",
	msgPlaying:         "Playing",
	msgPaused:          "Paused",
	msgSayPosition:     "{at} of {of}",

	msgEnds:              "Signed in until",
	msgBannerEndsMinutes: "The time that was set for this TV ends within a minute. It is signed out then.|The time that was set for this TV ends within {n} minutes. It is signed out then.",
	msgEnded:             "The time for this TV is over",
	msgEndedText:         "It is signed out in a moment. If its time was made longer, connect it to the internet.",
	msgAccountLocked:     "This account is locked. The email about it says why, and how to get help.",

	msgDrawMenu:     "Menu",
	msgDrawScan:     "Scan with a phone",
	msgDrawPicture:  "QR code",
	msgDrawLife:     "Waiting for you · this code is good for {time}",
	msgDrawCode:     "Code {code}",
	msgDrawFirst:    "first",
	msgDrawSecond:   "second",
	msgDrawThird:    "third",
	msgDrawPress:    "Press ←, OK or →",
	msgDrawDigits:   "or 0–9",
	msgDrawNextTry:  "until the next try",
	msgDrawMoment:   "One moment",
	msgDrawLocked:   "locked",
	msgDrawWatched:  "{n} % watched",
	msgDrawEntered:  "{n} of {length} digits entered",
	msgDrawTyped:    "{label}, characters: {n}",
	msgDrawAway:     "This TV's software is not running",
	msgDrawAwayText: "This screen comes back by itself as soon as it runs again.",
}
