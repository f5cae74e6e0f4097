package nav

import (
	"strings"
	"time"
)

// The messages about times, languages and levels.
const (
	msgYesterdayAt message = settingsEnd + iota
	msgTomorrowAt
	msgDayAt
	msgDateAt
	msgSunday
	msgMonday
	msgTuesday
	msgWednesday
	msgThursday
	msgFriday
	msgSaturday
	msgJanuary
	msgFebruary
	msgMarch
	msgApril
	msgMay
	msgJune
	msgJuly
	msgAugust
	msgSeptember
	msgOctober
	msgNovember
	msgDecember

	msgLanguage
	msgLanguageText
	msgLanguageOfProfile
	msgProgramOn

	msgLevelLittleKids
	msgLevelOlderKids
	msgLevelTeens
	msgLevelAdults
	msgLevelAll

	timesEnd
)

// aboutTimes holds them in English.
var aboutTimes = [timesEnd]string{
	msgYesterdayAt: "yesterday at {time}",
	msgTomorrowAt:  "tomorrow at {time}",
	msgDayAt:       "{day} at {time}",
	msgDateAt:      "{n} {month} {year} at {time}",
	msgSunday:      "Sunday",
	msgMonday:      "Monday",
	msgTuesday:     "Tuesday",
	msgWednesday:   "Wednesday",
	msgThursday:    "Thursday",
	msgFriday:      "Friday",
	msgSaturday:    "Saturday",
	msgJanuary:     "January",
	msgFebruary:    "February",
	msgMarch:       "March",
	msgApril:       "April",
	msgMay:         "May",
	msgJune:        "June",
	msgJuly:        "July",
	msgAugust:      "August",
	msgSeptember:   "September",
	msgOctober:     "October",
	msgNovember:    "November",
	msgDecember:    "December",

	msgLanguage:          "Language",
	msgLanguageText:      "Of this TV. A language that is chosen here holds for everybody who watches on it.",
	msgLanguageOfProfile: "As the profile that is watching",
	msgProgramOn:         "{browser} on {system}",

	msgLevelLittleKids: "Little kids",
	msgLevelOlderKids:  "Older kids",
	msgLevelTeens:      "Teens",
	msgLevelAdults:     "Adults",
	msgLevelAll:        "All",
}

// When writes a time as a person reads it who sees it at now, both in the TV's
// zone: a time of day, "yesterday at 21:40", "Tuesday at 21:40", or a date. It is
// for a [World] or an event, and is in a language only in a View.
func When(t, now time.Time) string {
	at := t.Format("15:04")
	switch days := midnight(now).Sub(midnight(t)).Round(24*time.Hour) / (24 * time.Hour); {
	case days == 0:
		return at
	case days == 1:
		return text(msgYesterdayAt, "time", at)
	case days == -1:
		return text(msgTomorrowAt, "time", at)
	case days > 1 && days < 7, days < -1 && days > -7:
		return text(msgDayAt, "day", text(msgSunday+message(t.Weekday())), "time", at)
	}
	return text(msgDateAt, "n", itoa(t.Day()), "month", text(msgJanuary+message(t.Month()-1)), "year", itoa(t.Year()), "time", at)
}

// moment is what When wrote, or a text of at most maxLabel characters.
func moment(s string) string {
	if strings.Contains(s, string(begin)) && len(s) <= 2*maxLabel {
		return s
	}
	return clean(s, maxLabel)
}

func midnight(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, t.Location())
}

// program is what a browser is called: "Firefox on Linux".
func program(name string) string {
	browser, system, ok := strings.Cut(name, " on ")
	if !ok {
		return name
	}
	return text(msgProgramOn, "browser", browser, "system", system)
}
