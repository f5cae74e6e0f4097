package words

import (
	"strings"
	"time"
)

// Format is t.Format for a language: "Monday", "Mon", "January" and "Jan" in the
// layout are names in l (CLDR 48, Gregorian calendar, format widths wide and
// abbreviated). Digits are Latin.
func Format(l Language, t time.Time, layout string) string {
	if l == English || l == "" {
		return t.Format(layout)
	}
	var b strings.Builder
	for layout != "" {
		at, token := firstName(layout)
		b.WriteString(t.Format(layout[:at]))
		switch token {
		case "Monday":
			b.WriteString(names[l].days[t.Weekday()])
		case "Mon":
			b.WriteString(names[l].shortDays[t.Weekday()])
		case "January":
			b.WriteString(names[l].months[t.Month()-1])
		case "Jan":
			b.WriteString(names[l].shortMonths[t.Month()-1])
		}
		layout = layout[at+len(token):]
	}
	return b.String()
}

// Format is [Format] with the catalogue's own order of day, month and year.
func (c Catalogue) Format(t time.Time, layout string) string {
	return Format(c.language, t, c.Sentence(layout))
}

// firstName finds the first name in a layout, the longer of two.
func firstName(layout string) (at int, token string) {
	at = len(layout)
	for _, name := range []string{"Monday", "January", "Mon", "Jan"} {
		if i := strings.Index(layout, name); i >= 0 && i < at {
			at, token = i, name
		}
	}
	return at, token
}

type calendar struct {
	days, shortDays     [7]string // from Sunday
	months, shortMonths [12]string
}

var names = map[Language]calendar{
	Spanish: {
		[7]string{"domingo", "lunes", "martes", "miércoles", "jueves", "viernes", "sábado"},
		[7]string{"dom", "lun", "mar", "mié", "jue", "vie", "sáb"},
		[12]string{"enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre"},
		[12]string{"ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "sept", "oct", "nov", "dic"},
	},
	German: {
		[7]string{"Sonntag", "Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag"},
		[7]string{"So.", "Mo.", "Di.", "Mi.", "Do.", "Fr.", "Sa."},
		[12]string{"Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November", "Dezember"},
		[12]string{"Jan.", "Feb.", "März", "Apr.", "Mai", "Juni", "Juli", "Aug.", "Sept.", "Okt.", "Nov.", "Dez."},
	},
	Arabic: {
		[7]string{"الأحد", "الاثنين", "الثلاثاء", "الأربعاء", "الخميس", "الجمعة", "السبت"},
		[7]string{"الأحد", "الاثنين", "الثلاثاء", "الأربعاء", "الخميس", "الجمعة", "السبت"},
		[12]string{"يناير", "فبراير", "مارس", "أبريل", "مايو", "يونيو", "يوليو", "أغسطس", "سبتمبر", "أكتوبر", "نوفمبر", "ديسمبر"},
		[12]string{"يناير", "فبراير", "مارس", "أبريل", "مايو", "يونيو", "يوليو", "أغسطس", "سبتمبر", "أكتوبر", "نوفمبر", "ديسمبر"},
	},
}
