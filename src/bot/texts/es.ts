import { code, fmt, pre } from 'telegraf/format';
import type { Texts } from './texts.ts';

const alerts = (count: number): string => (count === 1 ? 'alerta' : 'alertas');
const areLeft = (count: number): string => (count === 1 ? 'queda' : 'quedan');

const dailyRule = (limits: readonly number[]): string => {
  const [least = 0, most = least] = [limits[0], limits.at(-1)];
  if (least === most) return `Cada integración puede enviar ${least} ${alerts(least)} al día.`;
  return `Cada integración puede enviar entre ${least} y ${most} alertas al día; /quota muestra cuántas.`;
};

export const es: Texts = {
  locale: 'es-ES',
  commands: {
    start: 'Registrar este chat',
    token: 'Obtener un token de configuración para una nueva integración',
    integrations: 'Ver las integraciones de este chat',
    revoke: 'Revocar una integración',
    keys: 'Ver, crear y revocar claves para herramientas',
    quota: 'Ver cuántas alertas quedan hoy',
    test: 'Enviar una alerta de prueba a este chat',
    id: 'Mostrar el id de este chat',
    help: 'Cómo funciona',
  },

  welcome: (name) =>
    `¡Hola${name === '' ? '' : `, ${name}`}! Aquí llegarán las alertas de tus programas.\n\n` +
    'Este chat está registrado. Ahora envía /token para obtener un token de configuración y canjéalo por el token con el que tu programa enviará alertas.\n\n/help explica cómo funciona.',
  welcomeBack: (integrations) =>
    `Este chat está registrado y tiene ${integrations} ${integrations === 1 ? 'integración activa' : 'integraciones activas'}.\n\n/integrations ${integrations === 1 ? 'la' : 'las'} muestra, /token añade otra y /test envía una alerta de prueba.`,
  reachableAgain: (integrations) =>
    `¡Qué bien tenerte de vuelta! Ya puedo escribir de nuevo en este chat: las alertas de ${integrations === 1 ? 'su integración' : `sus ${integrations} integraciones`} llegan como antes.`,
  help: ({ commands, curl, dailyLimits }) =>
    fmt`Cualquier programa que pueda hacer una petición HTTP puede enviar alertas a este chat.

1. /token te da un token de configuración y un comando que lo canjea por el token de una integración.
2. Tu programa envía alertas con ese token:

${pre('bash')(curl)}

${dailyRule(dailyLimits)}

${commands}`,
  exampleAlert: { title: 'Copia de seguridad', message: 'Terminada sin errores' },
  inviteOnly: 'Este bot es privado: para usarlo, pide un enlace de invitación a quien lo administra.',
  unknownCommand: 'No conozco ese comando. /help muestra lo que sé hacer.',
  plainTextHint: 'Solo entiendo comandos: /token añade una integración y /help los muestra todos.',

  token: ({ token, curl, minutes, name, chat }) =>
    fmt`Token de configuración para la integración «${name}»${chat === undefined ? '' : ` de ${chat}`}:

${code(token)}

Sirve una sola vez y caduca en ${minutes} ${minutes === 1 ? 'minuto' : 'minutos'}. Mantenlo en secreto. Este comando lo canjea:

${pre('bash')(curl)}

La respuesta contiene el token de la integración: úsalo para enviar alertas.`,
  setUp: (name) => `La integración «${name}» ya está configurada: sus alertas llegarán a este chat.`,
  keyMadeByApi: ({ adapter, name, integration }) =>
    `Se ha creado una clave nueva de la integración «${integration}»: «${name}», para ${adapter}. Con ella se pueden enviar alertas a este chat. Si no la reconoces, revócala con /keys.`,
  tokenSentPrivately: 'Te he enviado el token de configuración por nuestro chat privado.',
  tokenNeedsPrivateChat:
    'Un token de configuración es secreto, así que no lo muestro aquí. Abre nuestro chat privado con este botón y pulsa Iniciar para recibirlo.',
  openPrivateChat: 'Abrir el chat privado',
  notAdminThere:
    'Solo los administradores de ese chat pueden obtener un token para él, y tú no figuras entre ellos.',
  tooManyTokens: (seconds) =>
    `Demasiados tokens seguidos. Inténtalo de nuevo en ${seconds} ${seconds === 1 ? 'segundo' : 'segundos'}.`,
  channelAdded: (title) =>
    `Me han añadido a ${title}. Con este botón puedes obtener un token de configuración.`,
  channelWelcome:
    'Este canal está registrado: aquí pueden llegar alertas. Con este botón, un administrador obtiene un token de configuración.',
  mayNotWrite: (title) =>
    `No tengo permiso para escribir en ${title}. Allí solo podrán llegar alertas cuando me den permiso para publicar mensajes.`,
  adminsOnly: 'Solo los administradores pueden hacer eso.',

  integrationsTitle: 'Integraciones de este chat:',
  integrationLine: ({ name, left, limit, unreachable }) =>
    `• ${name}: activa, hoy ${areLeft(left)} ${left} de ${limit} ${alerts(limit)}${unreachable ? ' (Telegram rechaza los mensajes a este chat)' : ''}`,
  waitingLine: ({ name, isExpired }) =>
    isExpired
      ? `• ${name}: caducada (su token de configuración no se usó a tiempo; /token con este nombre la renueva)`
      : `• ${name}: pendiente (su token de configuración aún no se ha usado)`,
  moreIntegrations: (count) =>
    `… y ${count} más. Para revocar una que no aparezca aquí, envía /revoke con su nombre o su id.`,
  noActiveIntegration:
    'Este chat aún no tiene ninguna integración activa. Usa el token de configuración que te dio /token u obtén uno nuevo con /token.',
  unnamed: (id) => `#${id}`,
  newName: 'integración',

  showNameButton: (name) => `Mostrar «${name}» en sus alertas`,
  hideNameButton: (name) => `Ocultar «${name}» en sus alertas`,
  nameShown: (name) => `Las alertas de «${name}» ahora muestran su nombre.`,
  nameHidden: (name) => `Las alertas de «${name}» ya no muestran su nombre.`,

  revokeButton: (name) => `Revocar ${name}`,
  revokeWhich: '¿Qué integración quieres revocar?',
  revokeNothing: 'Este chat no tiene ninguna integración que revocar.',
  revokeNotFound: (asked) => `Este chat no tiene ninguna integración llamada «${asked}».`,
  revokeConfirm: (name) =>
    `¿Revocar «${name}»? Su token dejará de funcionar al momento y sus alertas en espera no se enviarán.`,
  revokeYes: 'Sí, revocarla',
  revokeNo: 'Cancelar',
  revoked: (name) => `«${name}» queda revocada. Su token ya no funciona.`,
  revokeCancelled: 'No se ha revocado nada.',
  revokeGone: 'Esta integración ya estaba revocada.',

  keysTitle: 'Claves de este chat, cada una para una herramienta:',
  noKeys:
    'Este chat aún no tiene claves. Una clave es para una herramienta a la que solo se le puede dar una dirección, como Alertmanager o GitHub.',
  keyLine: ({ name, adapter, integration }) => `• ${name}: para ${adapter}, de «${integration}»`,
  moreKeys: (count) => `… y ${count} más. GET /api/keys las muestra todas.`,
  newKeyButton: 'Crear una clave nueva',
  keyOfWhich: '¿Para qué integración? La clave gasta su cuota.',
  keyForWhich: '¿Para qué herramienta es la clave? No servirá para nada más.',
  keyForWhichPrivately:
    '¿Para qué herramienta es la clave? Una clave es secreta, así que la muestro en nuestro chat privado: elige la herramienta y pulsa Iniciar.',
  keyChosen: ({ adapter, integration }) => `Una clave nueva para ${adapter}, de «${integration}»:`,
  key: ({ key, url, adapter, integration, chat }) =>
    fmt`Clave para ${adapter}, de la integración «${integration}»${chat === undefined ? '' : ` de ${chat}`}:

${code(key)}

Su dirección:

${code(url)}

Solo la muestro una vez. Quien la tenga puede enviar alertas al chat a través de ${adapter}, y nada más. Con /keys se revoca.`,
  revokeKeyConfirm: ({ name, adapter }) =>
    `¿Revocar la clave «${name}» para ${adapter}? A partir de entonces se rechazarán las alertas que se envíen con ella.`,
  keyRevoked: ({ name, adapter }) => `La clave «${name}» para ${adapter} queda revocada.`,
  keyGone: 'Esta clave ya estaba revocada.',
  acknowledged: 'Te encargas tú: el mensaje ya lo dice.',
  acknowledgedBefore: ({ name, at }) => `Ya se encarga ${name} (${at}).`,
  released: 'Hecho: ahora no se encarga nadie.',
  notAcknowledged: 'De momento no se encarga nadie.',
  problemOver: 'Esto ya terminó o es demasiado antiguo: no hay nada de lo que encargarse.',
  buttonGone: 'Este botón ya no hace nada.',
  membersOnly: 'Solo los miembros de este chat pueden hacer eso.',

  quotaLine: ({ name, left, limit }) =>
    `• ${name}: hoy ${areLeft(left)} ${left} de ${limit} ${alerts(limit)}`,
  quotaResets: ({ at, hours, minutes }) =>
    `La cuota se renueva el ${at} (dentro de ${hours} h ${minutes} min).`,

  testTitle: 'Alerta de prueba',
  testMessage: (name) =>
    `Esto es una prueba de la integración «${name}». Si puedes leerla, las alertas llegan a este chat.`,
  testQueued: ({ name, remaining }) =>
    `La alerta de prueba de «${name}» va en camino. Cuenta para la cuota de hoy: ${areLeft(remaining)} ${remaining} ${alerts(remaining)}.`,

  chatId: (id) => fmt`El id de este chat es ${code(String(id))}`,
  topicId: (id) => fmt`El id de este tema es ${code(String(id))}`,

  errors: {
    invalid_request: 'Ese nombre no sirve: usa de 1 a 64 caracteres imprimibles.',
    unauthorized: 'Ese token ya no es válido. Obtén uno nuevo con /token.',
    scope_missing: 'Esta integración no tiene permiso para eso.',
    chat_mismatch: 'Esa integración pertenece a otro chat.',
    integration_not_active: 'Esta integración no puede enviar alertas ahora mismo. Consulta /integrations.',
    not_found: 'No encuentro eso en este chat.',
    method_not_allowed: 'Eso no se puede hacer aquí.',
    payload_too_large: 'Eso es demasiado largo.',
    unsupported_media_type: 'No puedo leer eso.',
    already_used: 'Ese token de configuración ya se ha usado. Obtén uno nuevo con /token.',
    too_many_integrations: 'Este chat ya tiene el máximo de integraciones. Revoca antes una con /revoke.',
    too_many_keys: 'Esta integración ya tiene el máximo de claves. Revoca antes una con /keys.',
    idempotency_mismatch: 'Esa petición ya se hizo con otro contenido.',
    not_resendable: 'Esa alerta no se puede volver a enviar.',
    quota_exhausted: 'Esta integración ha agotado la cuota de hoy. /quota muestra cuándo se renueva.',
    rate_limited: 'Vas demasiado rápido. Espera un minuto e inténtalo de nuevo.',
    chat_queue_full: 'Hay demasiadas alertas en espera para este chat. Inténtalo de nuevo en un minuto.',
    schedule_full: 'Hay demasiadas alertas programadas. Inténtalo más tarde.',
    chat_schedule_full: 'Hay demasiadas alertas programadas para este chat. Inténtalo más tarde.',
    database_unavailable: 'Ahora mismo no puedo hacer eso. Inténtalo de nuevo en un momento.',
    queue_full: 'Hay demasiadas alertas en espera. Inténtalo de nuevo en unos minutos.',
    queue_unavailable: 'Ahora mismo no puedo aceptar alertas. Inténtalo de nuevo en un minuto.',
    cross_site: 'Eso no está permitido desde otro sitio.',
    internal: 'Algo ha fallado por mi parte. Inténtalo de nuevo en un minuto.',
  },
};
