package nav

// message names a sentence or a label that a person reads. Nothing that a person
// reads stands outside this file.
type message int

const (
	msgStarting message = iota
	msgStartingText
	msgLoading
	msgLoadingText
	msgLoadingOffline
	msgLoadingRebuild

	msgWelcome
	msgWelcomeText
	msgSignIn
	msgSignInPassword

	msgCode
	msgCodeText
	msgCodeGetting
	msgCodeAgain
	msgCancel
	msgTryAgain
	msgProblemOffline
	msgProblemBusy
	msgProblemRefused
	msgProblemLimit
	msgProblemStolen
	msgProblemServer
	msgProblemSecure
	msgProblemStorage

	msgEmail
	msgEmailText
	msgEmailLabel
	msgEmailEmpty
	msgEmailOdd
	msgPassword
	msgPasswordText
	msgPasswordLabel
	msgPasswordEmpty
	msgAccessCode
	msgAccessCodeLabel
	msgCodeEmpty
	msgCodeShort
	msgCodeByMail
	msgCodeBySMS
	msgCodeByTOTP
	msgCodeTo
	msgCodeByRecovery
	msgViaMail
	msgViaSMS
	msgViaTOTP
	msgViaRecovery
	msgResend
	msgResendWait
	msgSeconds
	msgStartAgain
	msgWrongPassword
	msgWrongCode
	msgCodeExpired
	msgSignInOver
	msgSignInWait
	msgTypingOffline
	msgTypingBusy
	msgUseUserCode
	msgFactorRefused
	msgKeySpace
	msgKeyDelete
	msgKeyClear
	msgKeyShow
	msgKeyHide
	msgKeyUpper
	msgKeyLower
	msgKeySymbols
	msgKeyNext
	msgKeyEnter
	msgKeySignIn
	msgSayCapital

	msgGate
	msgGateFor
	msgKids
	msgUnnamed

	msgPIN
	msgPINHelp
	msgPINChecking
	msgPINWrong
	msgPINWait
	msgPINWaitAfar
	msgPINRemote
	msgParentalPIN
	msgThePIN
	msgTheParentalPIN
	msgPINUnavailable
	msgPINChanged
	msgWrongTries
	msgWrongTriesSince

	msgHomeEmpty
	msgHomeLoading
	msgMenuHome
	msgMenuSwitch
	msgMenuSettings
	msgContinue
	msgMyList
	msgPlay
	msgPlayEpisode
	msgResume
	msgResumeEpisode
	msgMinutesLeft
	msgFromStart
	msgListAdd
	msgListRemove
	msgSeason
	msgSeasonFrom
	msgEpisodeNumber
	msgEpisodeName
	msgNoEpisodes
	msgNotListed
	msgNextEpisode
	msgPlayNow
	msgSearch
	msgSearchLabel
	msgSearchHelp
	msgSearchNothing
	msgResults
	msgBack
	msgHours
	msgMinutes
	msgForAll
	msgFromAge

	msgStoppedGone
	msgStoppedLevel
	msgStoppedPIN
	msgStoppedTVs
	msgStoppedMany
	msgAndMore
	msgStoppedServer
	msgNotFor
	msgNextRefused
	msgLaunchSignIn
	msgLaunchConnect
	msgLaunchDialog
	msgLaunchLater
	msgLaunchUnknown
	msgProfileGone
	msgProfileLocked

	msgSettings
	msgThisTV
	msgVersion
	msgServer
	msgConnection
	msgOnline
	msgOffline
	msgOfflineSince
	msgAccount
	msgCheckNetwork
	msgSignOut

	msgSignOutTitle
	msgSignOutText
	msgDeactivateTitle
	msgDeactivateText
	msgYes
	msgNo
	msgSequence
	msgSequenceText
	msgStartOver
	msgDeactivate
	msgNotSignedIn
	msgStartedOver
	msgUseRemote

	msgNetworkChecking
	msgNetworkGood
	msgNetworkBad
	msgNetworkBadText
	msgNetworkUnknown
	msgAddressGood
	msgAddressBad
	msgNameGood
	msgNameBad
	msgReachGood
	msgReachBad
	msgSecureGood
	msgSecureBad
	msgAnswerGood
	msgAnswerBad
	msgDone
	msgAgain

	msgLeaseEnded
	msgLeaseEndedText
	msgStuck
	msgStuckText
	msgTrying

	msgSignedOut
	msgByOwner
	msgByAll
	msgByPassword
	msgByOperator
	msgByEndDate
	msgBySafety
	msgByUnknown
	msgWhen
	msgWhere
	msgErased
	msgErasedLater
	msgOK
	msgDeactivated
	msgDeactivatedText
	msgStolen
	msgStolenText
	msgUpdate
	msgUpdateText

	msgBannerOffline
	msgBannerOfflineSince
	msgBannerLeaseMinutes
	msgBannerRebuilding
	msgBannerMemory
	msgBannerStuck

	msgSayFocus
	msgSayLocked
	msgSayPIN
	msgSayPINArrows
	msgSayPINGroup
	msgSayPINWait
	msgSayProgress
	msgSayNeedsPIN
	msgSayNext
	msgSayNoneFound
	msgSayFound

	messageCount
)

// english holds every message in English. {words} are filled in. Where a number
// {n} decides, "|" stands between the form for one and that for others.
var english = [messageCount]string{
	msgStarting:       "Hello",
	msgStartingText:   "One moment, please.",
	msgLoading:        "Almost there",
	msgLoadingText:    "Getting your profiles.",
	msgLoadingOffline: "Your profiles appear as soon as this TV is connected to the internet.",
	msgLoadingRebuild: "This TV is getting your profiles again. They are safe in your account.",

	msgWelcome:        "Welcome",
	msgWelcomeText:    "Sign in with your phone or computer. It takes a minute.",
	msgSignIn:         "Sign in with a code",
	msgSignInPassword: "Sign in with email and password",

	msgCode:           "Sign in",
	msgCodeText:       "Scan the picture with your phone, or go to the address and enter this code.",
	msgCodeGetting:    "Getting your code.",
	msgCodeAgain:      "Getting a new code.",
	msgCancel:         "Cancel",
	msgTryAgain:       "Try again",
	msgProblemOffline: "This TV is not connected to the internet. Your code appears as soon as it is.",
	msgProblemBusy:    "Many people are signing in right now. This TV keeps trying.",
	msgProblemRefused: "This TV was not let in. If that was a mistake, try again.",
	msgProblemLimit:   "Your account has as many devices as it can have. Sign one out on your account page, then try again.",
	msgProblemStolen:  "This TV was reported stolen. Its owner can change that on the account page.",
	msgProblemServer:  "Something went wrong on our side. This TV keeps trying.",
	msgProblemSecure:  "This TV can't make a safe connection. Check the network, then try again.",
	msgProblemStorage: "This TV can't save anything, so it can't be signed in. Restart it. If that doesn't help, it needs repair.",

	msgEmail:           "What's your email?",
	msgEmailText:       "Your phone number works too, where your account has one. Begin it with + and your country's code, as in +49.",
	msgEmailLabel:      "Email address or phone number",
	msgEmailEmpty:      "Enter your email address or phone number.",
	msgEmailOdd:        "That's not an email address yet. It looks like name@example.com.",
	msgPassword:        "And your password?",
	msgPasswordText:    "This TV does not keep it.",
	msgPasswordLabel:   "Password",
	msgPasswordEmpty:   "Enter your password.",
	msgAccessCode:      "One more step",
	msgAccessCodeLabel: "Code",
	msgCodeEmpty:       "Enter the code.",
	msgCodeShort:       "The code has 6 digits.",
	msgCodeByMail:      "Enter the 6 digits from the email.",
	msgCodeBySMS:       "Enter the 6 digits from the text message.",
	msgCodeTo:          "It was sent to {to}",
	msgCodeByTOTP:      "Enter the 6 digits that your authenticator app shows.",
	msgCodeByRecovery:  "Enter one of your recovery codes. Each works once.",
	msgViaMail:         "Get a code by email",
	msgViaSMS:          "Get a code by text message",
	msgViaTOTP:         "Use your authenticator app",
	msgViaRecovery:     "Use a recovery code",
	msgResend:          "Send a new code",
	msgResendWait:      "You can ask for a new code in {in}.",
	msgSeconds:         "{n} s",
	msgStartAgain:      "Start again",
	msgWrongPassword:   "That didn't work. Check the address, and enter the password again.",
	msgWrongCode:       "That's not the code. You have 1 more try.|That's not the code. You have {n} more tries.",
	msgCodeExpired:     "This code no longer works. Ask for a new one.",
	msgSignInOver:      "That took a little long. Enter your password again.",
	msgSignInWait:      "Too many tries. Take a short break, then try again.",
	msgTypingOffline:   "This TV is not connected. Try again as soon as it is.",
	msgTypingBusy:      "That didn't work, and it's not your fault. Try again in a moment.",
	msgFactorRefused:   "Too many wrong codes were given, so none is taken here. Sign in with your phone or computer.",
	msgUseUserCode:     "This account signs in with the code. Use your phone or computer.",
	msgKeySpace:        "Space",
	msgKeyDelete:       "Delete",
	msgKeyClear:        "Clear",
	msgKeyShow:         "Show",
	msgKeyHide:         "Hide",
	msgKeyUpper:        "ABC",
	msgKeyLower:        "abc",
	msgKeySymbols:      "#+=",
	msgKeyNext:         "Next",
	msgKeyEnter:        "OK",
	msgKeySignIn:       "Sign in",
	msgSayCapital:      "capital {letter}",

	msgGate:    "Who is watching?",
	msgGateFor: "Who is watching {title}?",
	msgKids:    "Kids",
	msgUnnamed: "Profile",

	msgPIN:             "Enter the PIN for {name}",
	msgPINHelp:         "Use the digits, or the arrows and OK.",
	msgPINChecking:     "Checking.",
	msgPINWrong:        "That's not the PIN. Try again.",
	msgPINWait:         "Too many wrong tries. Take a short break.",
	msgPINWaitAfar:     "Too many wrong tries on your TVs. Take a short break.",
	msgPINRemote:       "Use this TV's own remote to enter a PIN.",
	msgParentalPIN:     "Parental PIN to play {title}",
	msgThePIN:          "the PIN for {name}",
	msgTheParentalPIN:  "the parental PIN",
	msgPINUnavailable:  "This PIN can't be checked right now. Connect this TV to the internet, then try again.",
	msgPINChanged:      "This PIN has changed. Enter the new one.",
	msgWrongTries:      "1 wrong try at {pin}.|{n} wrong tries at {pin}.",
	msgWrongTriesSince: "1 wrong try at {pin} since {since}.|{n} wrong tries at {pin} since {since}.",

	msgHomeEmpty:     "Nothing to watch here yet.",
	msgHomeLoading:   "Getting what's on.",
	msgMenuHome:      "Home",
	msgMenuSwitch:    "Switch profile",
	msgMenuSettings:  "Settings",
	msgContinue:      "Continue watching",
	msgMyList:        "My list",
	msgPlay:          "Play",
	msgPlayEpisode:   "Play {episode}",
	msgResume:        "Resume",
	msgResumeEpisode: "Resume {episode}",
	msgMinutesLeft:   "{m} min left",
	msgFromStart:     "Start from the beginning",
	msgListAdd:       "Add to my list",
	msgListRemove:    "Remove from my list",
	msgSeason:        "Season {n}",
	msgSeasonFrom:    "Season {n}, from episode {from}",
	msgEpisodeNumber: "S{season} E{n}",
	msgEpisodeName:   "{n}. {name}",
	msgNoEpisodes:    "No episodes to watch here yet",
	msgNotListed:     "There are more episodes than fit here: {n} aren't listed. Search finds them by name.",
	msgNextEpisode:   "Next episode",
	msgPlayNow:       "Play now",
	msgSearch:        "Search",
	msgSearchLabel:   "Film, series or episode",
	msgSearchHelp:    "Type the beginning of a name. What fits shows below.",
	msgSearchNothing: "Nothing here begins with “{query}”. Try fewer letters.",
	msgResults:       "Results",
	msgBack:          "Back",
	msgHours:         "{h} h {m} min",
	msgMinutes:       "{m} min",
	msgForAll:        "All ages",
	msgFromAge:       "{age}+",

	msgStoppedGone:   "{title} is no longer available.",
	msgStoppedLevel:  "{title} is not available for {name}.",
	msgStoppedPIN:    "This asks for the parental PIN now.",
	msgStoppedTVs:    "{title} stopped. As many TVs are watching as your service allows: {tvs}.",
	msgStoppedMany:   "{title} stopped. As many TVs are watching as your service allows.",
	msgAndMore:       "and more",
	msgStoppedServer: "{title} stopped. Your service does not allow it now.",
	msgNotFor:        "This is not available for {name}.",
	msgNextRefused:   "The next episode is not available for {name}.",
	msgLaunchSignIn:  "Sign in to this TV first, then start it again.",
	msgLaunchConnect: "Connect this TV to the internet first.",
	msgLaunchDialog:  "Answer this question first, then start it again.",
	msgLaunchLater:   "This TV is getting your profiles. Start it again in a moment.",
	msgLaunchUnknown: "This is not available here.",
	msgProfileGone:   "{name} is no longer on this account.",
	msgProfileLocked: "{name} has a new PIN.",

	msgSettings:     "Settings",
	msgThisTV:       "This TV",
	msgVersion:      "Version",
	msgServer:       "Service",
	msgConnection:   "Connection",
	msgOnline:       "Online",
	msgOffline:      "Offline",
	msgOfflineSince: "Offline since {since}",
	msgAccount:      "Account",
	msgCheckNetwork: "Check network",
	msgSignOut:      "Sign out",

	msgSignOutTitle:    "Sign out of this TV?",
	msgSignOutText:     "Your profiles leave this TV. Your other devices stay signed in.",
	msgDeactivateTitle: "Remove this TV from the account?",
	msgDeactivateText:  "Everything of your account leaves this TV, and it is no longer one of your devices.",
	msgYes:             "Yes",
	msgNo:              "No",
	msgSequence:        "What would you like to do?",
	msgSequenceText:    "Press Back to return.",
	msgStartOver:       "Start over",
	msgDeactivate:      "Deactivate",
	msgNotSignedIn:     "This TV is not signed in.",
	msgStartedOver:     "Starting over. You are still signed in.",
	msgUseRemote:       "Use this TV's own remote to sign out.",

	msgNetworkChecking: "Checking the network",
	msgNetworkGood:     "Your network is fine",
	msgNetworkBad:      "There is a problem",
	msgNetworkBadText:  "Check the cable or Wi-Fi, restart your router, then check again.",
	msgNetworkUnknown:  "Another check",
	msgAddressGood:     "This TV is on your network",
	msgAddressBad:      "This TV is not on a network",
	msgNameGood:        "The service was found",
	msgNameBad:         "The service was not found",
	msgReachGood:       "The service can be reached",
	msgReachBad:        "The service can't be reached",
	msgSecureGood:      "The connection is safe",
	msgSecureBad:       "The connection is not safe",
	msgAnswerGood:      "The service answers",
	msgAnswerBad:       "The service does not answer",
	msgDone:            "Done",
	msgAgain:           "Check again",

	msgLeaseEnded:     "Connect to continue",
	msgLeaseEndedText: "This TV has been offline for a while. Connect it to the internet, and everything is back.",
	msgStuck:          "This TV can't save anything",
	msgStuckText:      "No profile opens until its storage can be written again. Restart it. If that doesn't help, it needs repair.",
	msgTrying:         "Trying to connect.",

	msgSignedOut:       "This TV was signed out",
	msgByOwner:         "It was signed out on the account page.",
	msgByAll:           "All devices of the account were signed out.",
	msgByPassword:      "The account's password was changed.",
	msgByOperator:      "The service signed it out. If you don't know why, ask its support.",
	msgByEndDate:       "The time that was set for it is over.",
	msgBySafety:        "It was signed out to keep the account safe.",
	msgByUnknown:       "It was signed out of the account.",
	msgWhen:            "When: {at}",
	msgWhere:           "From: {where}",
	msgErased:          "Nothing of the account is left on this TV.",
	msgErasedLater:     "Nothing is shown any more. This TV's storage can't be erased yet; that is done as soon as it can be.",
	msgOK:              "OK",
	msgDeactivated:     "This TV was removed",
	msgDeactivatedText: "It is no longer part of the account.",
	msgStolen:          "This TV is locked",
	msgStolenText:      "It was reported stolen. Its owner can end that on the account page.",
	msgUpdate:          "Time for an update",
	msgUpdateText:      "Update this TV's software, then try again. You stay signed in.",

	msgBannerOffline:      "You're offline. You can go on watching.",
	msgBannerOfflineSince: "Offline since {since}. You can go on watching.",
	msgBannerLeaseMinutes: "Connect this TV to the internet within a minute to keep watching.|Connect this TV to the internet within {n} minutes to keep watching.",
	msgBannerRebuilding:   "This TV is getting your profiles again.",
	msgBannerStuck:        "This TV can't save anything. Until it can it isn't connected, and profiles close soon.",
	msgBannerMemory:       "This TV's storage has a problem. Everything works, and is fetched again after a restart.",

	msgSayFocus:     "{label}, {detail}",
	msgSayLocked:    "{label}, locked",
	msgSayPIN:       "{n} of {length} digits",
	msgSayPINArrows: "With arrows: Up is 1, 2, 3. Left is 4, 5, 6. Right is 7, 8, 9. Down is delete, 0, help. Then Left, OK or Right takes the first, second or third.",
	msgSayPINGroup:  "{n} of {length} digits. Left, OK or Right takes the first, second or third.",
	msgSayPINWait:   "Minutes left: {n}",
	msgSayProgress:  "{n} % watched",
	msgSayNeedsPIN:  "asks for the parental PIN",
	msgSayNoneFound: "No results",
	msgSayFound:     "1 result|{n} results",
	msgSayNext:      "It plays by itself in a second.|It plays by itself in {n} seconds.",
}
