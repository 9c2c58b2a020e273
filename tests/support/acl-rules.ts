export const ACL_RULES = '~PREFIX* &PREFIX* +@all';
