rows = session.sql("SELECT CURRENT_VERSION()").collect()
