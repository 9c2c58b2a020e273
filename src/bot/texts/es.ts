import { code, fmt, pre } from 'telegraf/format';
import type { Texts } from './texts.ts';

export const es: Texts = {
  locale: 'es-ES',
  commands: {
    start: 'Registrar este chat',
    token: 'Obtener un token de configuración para una nueva integración',
    integrations: 'Ver las integraciones de este chat',
    revoke: 'Revocar una integración',
    quota: 'Ver cuántas alertas quedan hoy',
    test: 'Enviar una alerta de prueba a este chat',
    id: 'Mostrar el id de este chat',
    help: 'Cómo funciona',
  },

  welcome: (name) =>
    `¡Hola${name === '' ? '' : `, ${name}`}! Traigo a este chat las alertas de tus programas.\n\n` +
    'Este chat está registrado. Siguiente paso: /token te da un token de configuración, y con él tu programa recibe su propia clave para enviar alertas aquí.\n\n/help lo muestra todo.',
  welcomeBack: (integrations) =>
    `Este chat está registrado y tiene ${integrations} ${integrations === 1 ? 'integración activa' : 'integraciones activas'}.\n\n/integrations las muestra, /token añade otra, /test envía una alerta de prueba.`,
  reachableAgain: (integrations) =>
    `Qué bien que hayas vuelto: este chat está de nuevo a mi alcance y ${integrations === 1 ? 'su integración entrega' : `sus ${integrations} integraciones entregan`} alertas como antes.`,
  help: ({ commands, curl, dailyLimit }) =>
    fmt`Cualquier programa capaz de hacer una petición HTTP puede enviar alertas a este chat.

1. /token da un token de configuración y un comando que lo cambia por el token de una integración.
2. Tu programa envía alertas con el token de la integración:

${pre('bash')(curl)}

Cada integración tiene ${dailyLimit} alertas al día.

${commands}`,
  unknownCommand: 'No conozco ese comando. /help muestra lo que sé hacer.',
  plainTextHint: 'Solo entiendo comandos. /token prepara una nueva integración, /help lo muestra todo.',

  token: ({ token, curl, minutes, name, chat }) =>
    fmt`Token de configuración para la integración «${name}»${chat === undefined ? '' : ` de ${chat}`}:

${code(token)}

Sirve una sola vez y es válido durante ${minutes} ${minutes === 1 ? 'minuto' : 'minutos'}. Mantenlo en secreto. Este comando lo cambia:

${pre('bash')(curl)}

La respuesta contiene el token propio de la integración: con ese envía alertas tu programa.`,
  tokenSentPrivately: 'Te he enviado el token de configuración a nuestro chat privado.',
  tokenNeedsPrivateChat:
    'Un token de configuración es secreto, así que no lo muestro aquí. Abre nuestro chat privado con este botón y pulsa Iniciar: allí lo recibes.',
  openPrivateChat: 'Abrir el chat privado',
  notAdminThere:
    'Solo los administradores de ese chat pueden obtener un token para él, y no te veo entre ellos.',
  tooManyTokens: (seconds) => `Han sido muchos tokens. Inténtalo de nuevo en ${seconds} segundos.`,
  channelAdded: (title) => `Me han añadido a ${title}. Con este botón obtienes un token de configuración.`,
  adminsOnly: 'Solo los administradores de este grupo pueden hacer eso.',

  integrationsTitle: 'Integraciones de este chat:',
  integrationLine: ({ name, status, left, limit, unreachable }) =>
    `• ${name}: ${status}, hoy quedan ${left} de ${limit} alertas${unreachable ? ' (Telegram rechazó este chat)' : ''}`,
  statuses: {
    active: 'activa',
    pending: 'pendiente (a la espera de que se use su token de configuración)',
    revoked: 'revocada',
  },
  moreIntegrations: (count) => `… y ${count} más. /revoke con un nombre o un id llega a ellas.`,
  noActiveIntegration: 'Este chat aún no tiene ninguna integración activa. /token es el primer paso.',
  unnamed: (id) => `#${id}`,

  revokeButton: (name) => `Revocar ${name}`,
  revokeWhich: '¿Qué integración quieres revocar?',
  revokeNothing: 'Este chat no tiene ninguna integración que revocar.',
  revokeNotFound: (asked) => `Este chat no tiene ninguna integración «${asked}».`,
  revokeConfirm: (name) =>
    `¿Revocar «${name}»? Su token deja de servir al momento y sus alertas en espera no se envían.`,
  revokeYes: 'Sí, revocar',
  revokeNo: 'Cancelar',
  revoked: (name) => `«${name}» está revocada. Su token ya no sirve.`,
  revokeCancelled: 'No se ha revocado nada.',
  revokeGone: 'Esta integración ya estaba revocada.',

  quotaLine: ({ name, left, limit }) => `• ${name}: hoy quedan ${left} de ${limit} alertas`,
  quotaResets: ({ at, hours, minutes }) => `La cuota se renueva el ${at} (en ${hours} h ${minutes} min).`,

  testTitle: 'Alerta de prueba',
  testMessage: (name) =>
    `Esto es una prueba de la integración «${name}». Si la lees, las alertas llegan a este chat.`,
  testQueued: ({ name, remaining }) =>
    `Una alerta de prueba de «${name}» está en camino. Ha gastado una alerta de la cuota de hoy: quedan ${remaining}.`,

  chatId: (id) => fmt`El id de este chat es ${code(String(id))}`,
  topicId: (id) => fmt`El id de este tema es ${code(String(id))}`,

  errors: {
    invalid_request: 'Eso no sirve: un nombre tiene de 1 a 64 caracteres imprimibles.',
    unauthorized: 'Ese token ya no es válido. /token da uno nuevo.',
    scope_missing: 'Eso no está permitido para esta integración.',
    chat_mismatch: 'Esa integración pertenece a otro chat.',
    integration_not_active: 'Esta integración ya no está activa.',
    not_found: 'No hay nada así en este chat.',
    method_not_allowed: 'Eso no es posible aquí.',
    payload_too_large: 'Eso es demasiado largo.',
    unsupported_media_type: 'No puedo leer eso.',
    already_used: 'Ese token de configuración ya se usó. /token da uno nuevo.',
    idempotency_mismatch: 'Eso ya se pidió de otra manera.',
    not_resendable: 'Esa alerta no se puede enviar de nuevo.',
    quota_exhausted:
      'Las alertas de hoy de esta integración se han agotado. /quota dice cuándo se renueva la cuota.',
    rate_limited: 'Demasiado rápido. Espera un minuto e inténtalo de nuevo.',
    chat_queue_full: 'Hay demasiadas alertas en espera para este chat. Inténtalo de nuevo en un minuto.',
    schedule_full: 'Hay demasiadas alertas programadas. Inténtalo más tarde.',
    chat_schedule_full: 'Hay demasiadas alertas programadas para este chat. Inténtalo más tarde.',
    database_unavailable: 'Algo no está disponible ahora mismo. Inténtalo de nuevo en un momento.',
    queue_full: 'Hay demasiadas alertas en espera. Inténtalo de nuevo en unos minutos.',
    queue_unavailable: 'Ahora mismo no se pueden aceptar alertas. Inténtalo de nuevo en un minuto.',
    cross_site: 'Eso no está permitido desde ahí.',
    internal: 'Algo ha fallado por mi parte. Inténtalo de nuevo en un minuto.',
  },
};
