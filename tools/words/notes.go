package main

import "github.com/hearthkey/hearthkey/protocol/words"

// notes stand at the top of each catalogue: how it speaks, and its glossary. One
// word of English has one word here, everywhere.
var notes = map[words.Language]string{
	words.Spanish: `Neutral Spanish, understood everywhere; the reader is "tú".
TV: TV, masculine where an article is needed ("el TV"); device: dispositivo; browser: navegador; account: cuenta;
profile: perfil; kids profile: perfil infantil; profile lock: bloqueo del perfil; PIN: PIN; parental PIN: PIN parental;
sign in: iniciar sesión; sign out: cerrar sesión; deactivate: desactivar; report stolen: denunciar como robado;
access code: código de acceso; recovery code: código de recuperación; second factor: segundo factor;
authenticator app: app de autenticación; passkey: llave de acceso; notice: aviso; support: soporte;
household: hogar; owner: titular; service: servicio; remote: mando; title: título; level: nivel.`,
	words.German: `The reader is "du".
TV: Fernseher; device: Gerät; browser: Browser; account: Konto; profile: Profil; kids profile: Kinderprofil;
profile lock: Profilsperre; PIN: PIN; parental PIN: Eltern-PIN; sign in: anmelden; sign out: abmelden;
deactivate: deaktivieren; report stolen: als gestohlen melden; access code: Zugangscode;
recovery code: Wiederherstellungscode; second factor: zweiter Faktor; authenticator app: Authenticator-App;
passkey: Passkey; notice: Hinweis; support: Support; household: Haushalt; owner: Inhaber; service: Dienst;
remote: Fernbedienung; title: Titel; level: Stufe.`,
	words.Arabic: `Modern Standard Arabic; digits are Latin (0-9), as on remote controls and in codes.
TV: تلفاز; device: جهاز; browser: متصفح; account: حساب; profile: ملف شخصي; kids profile: ملف أطفال;
profile lock: قفل الملف; PIN: رقم PIN; parental PIN: رقم PIN الأبوي; sign in: تسجيل الدخول; sign out: تسجيل الخروج;
deactivate: إلغاء التنشيط; report stolen: الإبلاغ عن السرقة; access code: رمز الدخول;
recovery code: رمز الاسترداد; second factor: العامل الثاني; authenticator app: تطبيق المصادقة;
passkey: مفتاح المرور; notice: إشعار; support: الدعم; household: الأسرة; owner: المالك; service: الخدمة;
remote: جهاز التحكم; title: عنوان; level: المستوى.`,
}
